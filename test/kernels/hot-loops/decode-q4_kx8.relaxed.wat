  loop $for-loop|0
   local.get $0
   local.get $28
   i32.lt_u
   if
    local.get $28
    local.get $0
    i32.const 192
    i32.add
    i32.gt_u
    if
     local.get $0
     i32.load
     drop
     local.get $0
     i32.load offset=64
     drop
     local.get $0
     i32.load offset=128
     drop
    end
    local.get $0
    local.get $32
    i32.add
    local.set $0
    br $for-loop|0
   end
  end

       loop $for-loop|3
        local.get $1
        local.get $28
        i32.lt_u
        if
         local.get $28
         local.get $1
         i32.const 4096
         i32.add
         i32.const -4096
         i32.and
         local.tee $5
         i32.const 192
         i32.add
         i32.gt_u
         if
          local.get $5
          i32.load
          drop
          local.get $5
          i32.load offset=64
          drop
          local.get $5
          i32.load offset=128
          drop
         end
         local.get $1
         local.get $32
         i32.add
         local.set $1
         br $for-loop|3
        end
       end

              loop $for-loop|8
               local.get $12
               local.get $44
               i32.lt_u
               if
                local.get $11
                v128.load32_splat offset=4
                local.tee $45
                local.get $12
                v128.load offset=32
                local.tee $46
                local.get $29
                v128.and
                local.get $11
                v128.load32_splat
                local.tee $47
                local.get $12
                v128.load
                local.tee $48
                local.get $29
                v128.and
                local.get $20
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                local.set $20
                local.get $45
                local.get $12
                v128.load offset=48
                local.tee $45
                local.get $29
                v128.and
                local.get $47
                local.get $12
                v128.load offset=16
                local.tee $47
                local.get $29
                v128.and
                local.get $26
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                local.set $26
                local.get $11
                v128.load32_splat offset=36
                local.tee $49
                local.get $46
                local.get $30
                v128.and
                local.get $11
                v128.load32_splat offset=32
                local.tee $46
                local.get $48
                local.get $30
                v128.and
                local.get $27
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                local.set $27
                local.get $49
                local.get $45
                local.get $30
                v128.and
                local.get $46
                local.get $47
                local.get $30
                v128.and
                local.get $21
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                i32x4.relaxed_dot_i8x16_i7x16_add_s
                local.set $21
                local.get $12
                i32.const -64
                i32.sub
                local.set $12
                local.get $11
                i32.const 8
                i32.add
                local.set $11
                br $for-loop|8
               end
              end

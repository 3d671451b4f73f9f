  loop $for-loop|0
   local.get $0
   local.get $40
   i32.lt_u
   if
    local.get $40
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
    local.get $42
    i32.add
    local.set $0
    br $for-loop|0
   end
  end

       loop $for-loop|3
        local.get $1
        local.get $40
        i32.lt_u
        if
         local.get $40
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
         local.get $42
         i32.add
         local.set $1
         br $for-loop|3
        end
       end

              loop $for-loop|8
               local.get $10
               local.get $56
               i32.lt_u
               if
                local.get $25
                local.get $10
                v128.load
                local.tee $22
                local.get $51
                v128.and
                local.get $9
                v128.load32_splat
                local.tee $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $25
                local.get $31
                local.get $10
                v128.load offset=16
                local.tee $21
                local.get $51
                v128.and
                local.get $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $31
                local.get $27
                local.get $22
                local.get $53
                v128.and
                local.get $9
                v128.load32_splat offset=4
                local.tee $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $27
                local.get $30
                local.get $21
                local.get $53
                v128.and
                local.get $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $30
                local.get $32
                local.get $22
                local.get $52
                v128.and
                local.get $9
                v128.load32_splat offset=64
                local.tee $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $32
                local.get $26
                local.get $21
                local.get $52
                v128.and
                local.get $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $26
                local.get $23
                local.get $22
                i32.const 12
                i16x8.shr_u
                local.get $9
                v128.load32_splat offset=68
                local.tee $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $23
                local.get $24
                local.get $21
                i32.const 12
                i16x8.shr_u
                local.get $20
                i32x4.dot_i16x8_s
                i32x4.add
                local.set $24
                local.get $10
                i32.const 32
                i32.add
                local.set $10
                local.get $9
                i32.const 8
                i32.add
                local.set $9
                br $for-loop|8
               end
              end
